import { mount } from 'svelte'
import { choices } from '../frame/choices.svelte'
import '../styles/tokens.css'
import '../styles/base.css'
import LoginPage from './LoginPage.svelte'

choices.apply()
const target = document.getElementById('app')
if (target) mount(LoginPage, { target })
